/*
 * The contents of the three kinds of Keras files: .keras, .h5, and .h5 with only weights.
 */
import { FormatError } from "../../errors.js";
import type { Budget } from "../budget.js";
import { Hdf5File, isHdf5 } from "../hdf5/file.js";
import { field, parseObject, type Place, text } from "../json.js";
import type { WeightSource } from "../keras-layers/weights.js";
import { ZipArchive } from "../zip/archive.js";
import { namedGroups } from "./named-groups.js";
import { savedPaths } from "./saved-paths.js";

export interface KerasFile {
  /** { class_name, config } */
  readonly model: Place;
  readonly weights: WeightSource;
  /** The version of Keras; null if the file does not say. */
  readonly version: string | null;
  readonly ignored: readonly string[];
}

const WEIGHTS = "model.weights.h5";

/** In bytes. A layer takes about a kilobyte; parsed JSON takes many times its length, which no budget counts. */
const MAX_CONFIG = 1 << 22;

interface ReadOptions {
  /** From the caller, for files without one. */
  readonly config: string | undefined;
  /** Whether a wrong checksum is an error. */
  readonly checksums: boolean;
}

/** The HDF5 file that the weights are in: the file itself, or an entry of a .keras file. */
export function openWeights(
  file: Uint8Array,
  checksums: boolean,
  budget: Budget,
): Hdf5File {
  if (isHdf5(file)) return new Hdf5File(file, budget);
  if (!isZip(file)) throw notKeras(file);
  return weightsIn(new ZipArchive(file, budget, checksums), budget);
}

function weightsIn(archive: ZipArchive, budget: Budget): Hdf5File {
  if (archive.has(WEIGHTS))
    return new Hdf5File(archive.read(WEIGHTS), budget, WEIGHTS);
  throw new FormatError(
    `expected ${WEIGHTS}, got ${some(archive.names)}`,
    "zip",
  );
}

const isZip = (file: Uint8Array): boolean =>
  file[0] === 0x50 && file[1] === 0x4b;

const notKeras = ({ length }: Uint8Array): FormatError =>
  new FormatError(
    `expected a .keras file (zip) or an .h5 file (HDF5), got ${length} other bytes`,
    0,
  );

export function readKerasFile(
  file: Uint8Array,
  { config, checksums }: ReadOptions,
  budget: Budget,
): KerasFile {
  if (isHdf5(file)) return fromHdf5(new Hdf5File(file, budget), config);
  if (isZip(file)) return fromZip(file, checksums, budget);
  throw notKeras(file);
}

function fromZip(
  file: Uint8Array,
  checksums: boolean,
  budget: Budget,
): KerasFile {
  const archive = new ZipArchive(file, budget, checksums);
  const model = readJson(archive, "config.json");
  const metadata = readJson(archive, "metadata.json");
  const inner = weightsIn(archive, budget);
  const weights = savedPaths(inner);
  if (!weights)
    throw new FormatError("expected layers, got none", inner.at("/layers"));
  const ignored = archive.names
    .filter((name) => name.startsWith("assets/") && !name.endsWith("/"))
    .concat(optimizer(inner));
  return { model, weights, version: text(metadata, "keras_version"), ignored };
}

function fromHdf5(file: Hdf5File, given: string | undefined): KerasFile {
  const own = file.text("/", "model_config");
  const config = own ?? given;
  if (config === undefined)
    throw new FormatError(
      "the file has only weights: set options.config to the string from model.to_json()",
      "model_config",
    );
  const model = parse(config, own === null ? "options.config" : "model_config");
  const group =
    own === null && file.names("/model_weights") === null
      ? ""
      : "/model_weights";
  const weights = own === null ? savedPaths(file) : null;
  const version =
    file.text("/", "keras_version") ??
    (group === "" ? null : file.text(group, "keras_version")) ??
    field(model, "keras_version") ??
    // to_json of Keras 3 has no version but names modules, which that of Keras 2 does only together with its version
    (field(model, "module") === undefined ? null : "3");
  return {
    model,
    weights: weights ?? namedGroups(file, group),
    version: typeof version === "string" ? version : null,
    ignored: optimizer(file),
  };
}

/** The groups with the state of an optimizer, which only further training needs. */
function optimizer(file: Hdf5File): string[] {
  return ["optimizer_weights", "optimizer"].filter(
    (name) => file.names(`/${name}`)?.length,
  );
}

function readJson(archive: ZipArchive, name: string): Place {
  return parse(archive.read(name), name);
}

function parse(json: Uint8Array | string, at: string): Place {
  const bytes =
    typeof json === "string" ? new TextEncoder().encode(json) : json;
  if (bytes.length <= MAX_CONFIG) return parseObject(bytes, at);
  throw new FormatError(
    `expected at most ${MAX_CONFIG} bytes, got ${bytes.length}`,
    at,
  );
}

function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => name.slice(0, 100));
  return shown.join(", ") || "an empty zip file";
}
