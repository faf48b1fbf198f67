import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { absolute, relative } from "../../tools/readme.mjs";

const root = new URL("../../", import.meta.url);
const readme = readFileSync(new URL("README.md", root), "utf8");
const links = (text: string) => [
  ...Array.from(text.matchAll(/\]\(([^)#]+)[^)]*\)/g), ([, to = ""]) => to),
  ...Array.from(text.matchAll(/src="([^"]+)"/g), ([, to = ""]) => to),
];

describe("the README that is packed", () => {
  test("links to nothing that only a clone has", () => {
    expect(links(absolute(readme)).length).toBeGreaterThan(20);
    for (const link of links(absolute(readme)))
      expect(link).toMatch(/^https:\/\/\w/);
  });

  test("is the README again after", () =>
    expect(relative(absolute(readme))).toBe(readme));

  test("links to files that are there", () => {
    for (const link of links(readme))
      if (!link.startsWith("https:"))
        expect(existsSync(new URL(link, root)), link).toBe(true);
  });

  test("and SECURITY.md go with the package", () => {
    const { files } = JSON.parse(
      readFileSync(new URL("package.json", root), "utf8"),
    );
    expect(files).toContain("SECURITY.md");
    const policy = readFileSync(new URL("SECURITY.md", root), "utf8");
    expect(policy).toMatch(/report/i);
  });

  test("and package.json agree on the owner", () => {
    const { homepage, repository, bugs, author } = JSON.parse(
      readFileSync(new URL("package.json", root), "utf8"),
    );
    expect(readme).toContain(homepage);
    expect(repository.url).toContain(`github.com/${author}/`);
    expect(bugs).toContain(`github.com/${author}/`);
  });
});
