/*
 * Counters and gauges by OpenTelemetry's API, if the application has it. The application chooses what collects them.
 */
import type { Attributes, Meter } from "@opentelemetry/api";

export interface Metrics {
  /** Called when a chunk has been answered. */
  chunk(rows: number, milliseconds: number): void;
  /** Called when frames of streams have been answered, with the age of the oldest. */
  frames(count: number, lagMs: number): void;
  /** Called when a stream's state has been written. */
  checkpoint(bytes: number): void;
  /** Observes a host's load now and then, until the returned function is called. */
  watch(load: () => HostLoad): () => void;
}

export interface HostLoad {
  /** Streams in this process. */
  readonly streams: number;
  /** Their frames that wait. */
  readonly backlog: number;
  /** The share of the last seconds that was spent computing, 0 to 1. */
  readonly busy: number;
}

/** The metrics of this process. Without OpenTelemetry's package they do nothing. */
export async function metrics(): Promise<Metrics> {
  try {
    const api = await import("@opentelemetry/api");
    return measuredBy(api.metrics.getMeter("gatewise"));
  } catch {
    const nothing = () => undefined;
    return {
      chunk: nothing,
      frames: nothing,
      checkpoint: nothing,
      watch: () => nothing,
    };
  }
}

function measuredBy(meter: Meter): Metrics {
  const counter = (name: string, description: string) =>
    meter.createCounter(`gatewise.${name}`, { description });
  const milliseconds = (name: string, description: string) =>
    meter.createHistogram(`gatewise.${name}`, { description, unit: "ms" });
  const gauge = (name: string, description: string) =>
    meter.createObservableGauge(`gatewise.${name}`, { description });
  const rows = counter("rows", "rows scored");
  const chunks = milliseconds("chunk", "time of a chunk, from taken to put");
  const frames = counter("frames", "frames of streams answered");
  const lag = milliseconds("lag", "age of a frame when it is answered");
  const written = counter("checkpoint.bytes", "states written");
  const streams = gauge("streams", "streams that live in this process");
  const backlog = gauge("backlog", "frames of these that wait");
  const busy = gauge("busy", "share of the time that is spent computing");
  const none: Attributes = {};
  return {
    chunk(count, time) {
      rows.add(count);
      chunks.record(time);
    },
    frames(count, lagMs) {
      frames.add(count);
      lag.record(lagMs);
    },
    checkpoint: (bytes) => written.add(bytes),
    watch(load) {
      const observe: Parameters<Meter["addBatchObservableCallback"]>[0] = (
        result,
      ) => {
        const now = load();
        result.observe(streams, now.streams, none);
        result.observe(backlog, now.backlog, none);
        result.observe(busy, now.busy, none);
      };
      const gauges = [streams, backlog, busy];
      meter.addBatchObservableCallback(observe, gauges);
      return () => meter.removeBatchObservableCallback(observe, gauges);
    },
  };
}
