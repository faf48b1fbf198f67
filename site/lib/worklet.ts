/* Files that audio threads load by address, as the bundler has put them. */
import clock from "gatewise/worklet-clock.js?url";
import processor from "gatewise/worklet-processor.js?url";

const absolute = (url: string) => new URL(url, location.href).href;
export const PROCESSOR = (): string => absolute(processor);
export const CLOCK = (): string => absolute(clock);
