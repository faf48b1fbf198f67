/*
 * What is used of jsfive 0.4.2, which has no types of its own.
 */
declare module "jsfive" {
  /** A message of an object's header: its "type", "size" and "offset_to_message", which is from the file's start. */
  export type Message = ReadonlyMap<string, number>;

  export interface DataObjects {
    find_msg_type(type: number): Message[];
  }

  export class Group {
    /** An object's address, or where a soft link points. */
    readonly _links: Readonly<Record<string, number | string>>;
    readonly _dataobjects: DataObjects;
    /** Of the link of that name: names with "/" are paths. */
    get(name: string): Group | Dataset;
  }

  export class File extends Group {
    constructor(file: ArrayBuffer, name?: string);
  }

  export class Dataset {
    readonly _dataobjects: DataObjects;
    /** As NumPy writes it, "<f4"; an array for what NumPy has no such name for. */
    readonly dtype: string | unknown[];
    readonly shape: number[];
  }
}
