/*
 * The AudioWorklet's part of `listen`, which collects samples and sends them to the listening thread. A string, because it
 * is loaded from a Blob: no file of the package has to be served, and bundlers cannot change it.
 */

export const CAPTURE = "gatewise-capture";

export const CAPTURE_SOURCE = `
registerProcessor(${JSON.stringify(CAPTURE)}, class extends AudioWorkletProcessor {
  constructor({ processorOptions: { size } }) {
    super();
    this.samples = new Float32Array(size);
    this.filled = 0;
    this.running = true;
    this.port.onmessage = () => { this.running = false; };
  }
  process([[input]]) {
    for (let at = 0; input && at < input.length; ) {
      const n = Math.min(this.samples.length - this.filled, input.length - at);
      for (let i = 0; i < n; i++) this.samples[this.filled + i] = input[at + i];
      this.filled += n;
      at += n;
      if (this.filled === this.samples.length) {
        this.port.postMessage(this.samples);
        this.filled = 0;
      }
    }
    return this.running;
  }
});
`;
