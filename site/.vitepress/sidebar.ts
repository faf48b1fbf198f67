/*
 * What stands beside each page: the playground's pages, the guides by where readers come from, the reference by entries.
 */
import { existsSync, readdirSync } from "node:fs";
import type { DefaultTheme } from "vitepress";

type Items = DefaultTheme.SidebarItem[];

const links = (folder: string, pages: Record<string, string>): Items =>
  Object.entries(pages).map(([text, page]) => ({
    text,
    link: `${folder}${page}`,
  }));

const play: Items = [
  {
    text: "Playground",
    items: links("/play/", {
      "Open a model": "open",
      Gates: "gates",
      "게이트 (한국어)": "gates.ko",
      Learn: "learn",
      Race: "race",
      Hear: "hear",
      Read: "read",
      Write: "write",
    }),
  },
];

const docs: Items = [
  {
    text: "Start",
    items: links("/docs/", {
      "From PyTorch": "start/pytorch",
      "From Keras and TensorFlow.js": "start/keras",
      "From ONNX": "start/onnx",
      "From audio": "start/audio",
      "From scratch": "start/scratch",
    }),
  },
  {
    text: "Guides",
    items: links("/docs/", {
      Recipes: "recipes",
      Layers: "layers",
      Models: "models",
      Streaming: "streaming",
      Training: "training",
      Decoding: "decode",
      Audio: "audio",
      "Reading text": "tesseract",
      "Past one machine": "queue",
      Pictures: "vis",
      "Command line": "cli",
    }),
  },
  {
    text: "Concepts",
    items: links("/docs/", {
      "Shapes and state": "shapes",
      "Their word, ours": "words",
      Cells: "cells",
      "What the gates do": "gates",
      Backends: "backends",
      "Precision, int8": "precision",
      Errors: "errors",
      Speed: "speed",
      "How it works inside": "kernel",
      "What is stable": "stability",
    }),
  },
  {
    text: "Formats",
    items: links("/docs/formats/", {
      "What loads": "matrix",
      "Any file": "load",
      PyTorch: "torch",
      ONNX: "onnx",
      Keras: "keras",
      "TensorFlow.js": "tfjs",
      safetensors: "safetensors",
      "Amplifiers: .nam": "nam",
      RTNeural: "rtneural",
    }),
  },
  {
    text: "Runtimes",
    items: links("/docs/runtimes/", {
      Browsers: "browser",
      Bundlers: "bundlers",
      Node: "node",
      Workers: "worker",
      AudioWorklet: "audioworklet",
      Deno: "deno",
      Bun: "bun",
      "Cloudflare, Vercel": "workerd",
      "Other edge runtimes": "edge",
    }),
  },
  { text: "Changelog", link: "/docs/changelog" },
];

const reference = new URL("../reference/gatewise/", import.meta.url);

/** The entries of the package: folders of the reference that have a page of their own. */
const entries = existsSync(reference)
  ? readdirSync(reference).filter((name) =>
      existsSync(new URL(`${name}/index.md`, reference)),
    )
  : [];

export const sidebar: DefaultTheme.Config["sidebar"] = {
  "/play/": play,
  "/docs/": docs,
  "/reference/": [
    // not what they export: 200 links in each of 220 pages were 25 MB
    {
      text: "Reference",
      items: [
        { text: "gatewise", link: "/reference/gatewise/" },
        ...entries.map((name) => ({
          text: `gatewise/${name}`,
          link: `/reference/gatewise/${name}/`,
        })),
      ],
    },
  ],
};
