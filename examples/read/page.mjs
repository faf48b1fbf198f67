// The page: an image → grey pixels → lines of text, each character underlined by how sure the network is of it.
import { load, toGrey } from "gatewise/tesseract";

const element = (id) => document.getElementById(id);
const say = (text) => (element("message").textContent = String(text));

let recognizer = null;

/** A .traineddata file, or one in gzip, as npm's packages have them. */
async function setModel(blob, name) {
  const packed = new Uint8Array(await blob.slice(0, 2).arrayBuffer());
  const stream = blob.stream();
  const bytes = await new Response(
    packed[0] === 0x1f && packed[1] === 0x8b
      ? stream.pipeThrough(new DecompressionStream("gzip"))
      : stream,
  ).arrayBuffer();
  const started = performance.now();
  ({ recognizer } = load(bytes));
  const ms = performance.now() - started;
  say(`${name} is ready, after ${ms.toFixed(0)} ms.`);
}

async function pixelsOf(blob) {
  const bitmap = await createImageBitmap(blob);
  const canvas = element("picture");
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** From red through yellow to green; most of what is wrong is below 0.8. */
function colour(confidence) {
  const hue = Math.max(0, (confidence - 0.5) / 0.5) * 120;
  return `hsl(${hue.toFixed(0)} 70% 45%)`;
}

function show({ lines }) {
  const context = element("picture").getContext("2d");
  const text = element("text");
  text.replaceChildren();
  for (const { top, bottom, characters } of lines) {
    const line = document.createElement("div");
    for (const { text: character, confidence, left, right } of characters) {
      const span = document.createElement("span");
      span.textContent = character;
      span.title = `${(100 * confidence).toFixed(1)} %`;
      span.style.setProperty("--sure", colour(confidence));
      line.append(span);
      context.fillStyle = colour(confidence);
      context.globalAlpha = 0.3;
      context.fillRect(left, top, right - left, bottom - top);
    }
    text.append(line);
  }
}

async function read(blob) {
  try {
    if (!recognizer) throw new Error("choose a .traineddata file first");
    const image = toGrey(await pixelsOf(blob));
    const started = performance.now();
    const page = recognizer.recognizePage(image);
    const ms = performance.now() - started;
    element("result").hidden = false;
    show(page);
    const count = page.lines.length;
    say(
      count
        ? `${count} ${count === 1 ? "line" : "lines"} in ${ms.toFixed(0)} ms, ${(100 * page.confidence).toFixed(1)} % sure.`
        : "No text found.",
    );
  } catch (error) {
    element("result").hidden = true;
    say(error);
  }
}

const drop = element("drop");
drop.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const [file] = event.dataTransfer.files;
  if (file) read(file);
});
addEventListener("paste", ({ clipboardData }) => {
  const [file] = clipboardData.files;
  if (file) read(file);
});
element("image").addEventListener("change", ({ target }) => {
  const [file] = target.files;
  if (file) read(file);
});
element("model").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  try {
    await setModel(file, file.name);
  } catch (error) {
    say(error);
  }
});
element("example").addEventListener("click", async () => {
  const response = await fetch("page.png");
  await read(await response.blob());
});

try {
  const response = await fetch("/model.traineddata");
  if (response.ok) await setModel(await response.blob(), "English");
  else say("Choose a .traineddata file, such as eng.traineddata.");
} catch (error) {
  say(error);
}
