/**
 * The core and safetensors as one file, for pages without a bundler: `<script type="module">` imports
 * dist/gatewise.min.js and nothing else.
 *
 * @module
 */
export * from "./index.js";
export { parse, serialize } from "./safetensors.js";
