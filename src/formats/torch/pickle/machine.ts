/*
 * Python's pickles, protocols 0 to 5: programs for a machine with a stack and a memo.
 *
 * This machine creates plain data, and calls nothing of the program's choice. It passes each name in the program to its
 * host, which knows the few that our own code stands in for. All others become placeholders: nothing is looked up or
 * called.
 * https://docs.python.org/3/library/pickletools.html
 */
import type { FormatError } from "../../../errors.js";
import type { Cursor } from "./cursor.js";
import { addItems, append, setItems } from "./containers.js";
import { NO_LITERAL, readLiteral } from "./literals.js";
import { Op } from "./opcodes.js";
import { Stack } from "./stack.js";
import {
  Callable,
  describeValue,
  Dict,
  Placeholder,
  PythonSet,
  Tuple,
} from "./values.js";

export interface Host {
  /** What stands in for module.name: our own code or a Placeholder. Throws for names that can only do harm. */
  global(module: string, name: string, place: string): unknown;
  /** Stands in for the object that the pickle would create by a class or a function. */
  object(of: Placeholder, args: readonly unknown[]): Placeholder;
  /** The object of a persistent id, which is stored outside the pickle. */
  persistent(id: unknown, place: string): unknown;
}

const NEWEST_PROTOCOL = 5;

// A list of a million numbers takes a million instructions, a state dict of a thousand tensors 50 000.
const MAX_INSTRUCTIONS = 2_000_000;
const MAX_MEMO_VALUES = 500_000;

/**
 * Reads the pickle at the cursor, which moves to its end.
 *
 * @throws FormatError naming the byte
 */
export function unpickle(cursor: Cursor, host: Host): unknown {
  return new Machine(cursor, host).run();
}

class Machine {
  readonly #cursor: Cursor;
  readonly #host: Host;
  readonly #fail = (message: string): FormatError =>
    this.#cursor.fail(message, this.#at);
  readonly #stack = new Stack(this.#fail);
  readonly #memo = new Map<number, unknown>();
  /** The byte of the current instruction. */
  #at = 0;

  constructor(cursor: Cursor, host: Host) {
    this.#cursor = cursor;
    this.#host = host;
  }

  run(): unknown {
    const cursor = this.#cursor;
    for (let count = 0; count < MAX_INSTRUCTIONS; count++) {
      this.#at = cursor.at;
      const code = cursor.uint8();
      if (code === Op.STOP) return this.#stack.pop();
      const literal = readLiteral(code, cursor, this.#at);
      if (literal !== NO_LITERAL) this.#stack.push(literal);
      else this.#execute(code);
    }
    throw this.#fail(`more than ${MAX_INSTRUCTIONS} instructions`);
  }

  #execute(code: number): void {
    const cursor = this.#cursor;
    const stack = this.#stack;
    const fail = this.#fail;
    switch (code) {
      case Op.PUT:
        return this.#put(this.#lineNumber());
      case Op.BINPUT:
        return this.#put(cursor.uint8());
      case Op.LONG_BINPUT:
        return this.#put(cursor.uint32());
      case Op.MEMOIZE:
        return this.#put(this.#memo.size);
      case Op.GET:
        return this.#get(this.#lineNumber());
      case Op.BINGET:
        return this.#get(cursor.uint8());
      case Op.LONG_BINGET:
        return this.#get(cursor.uint32());

      case Op.EMPTY_LIST:
        return stack.make([]);
      case Op.LIST:
        return stack.make(stack.popMark());
      case Op.EMPTY_TUPLE:
        return stack.make(new Tuple([]));
      case Op.TUPLE:
        return stack.make(new Tuple(stack.popMark()));
      case Op.TUPLE1:
      case Op.TUPLE2:
      case Op.TUPLE3:
        return stack.make(new Tuple(stack.popMany(code - Op.TUPLE1 + 1)));
      case Op.EMPTY_DICT:
        return stack.make(new Dict());
      case Op.DICT:
        return stack.make(setItems(stack.popMark(), new Dict(), fail));
      case Op.EMPTY_SET:
        return stack.make(new PythonSet([]));
      case Op.FROZENSET:
        return stack.make(new PythonSet(stack.popMark()));
      case Op.APPEND:
        append(stack.popMany(1), stack.top(), fail);
        return;
      case Op.APPENDS:
        append(stack.popMark(), stack.top(), fail);
        return;
      case Op.SETITEM:
        setItems(stack.popMany(2), stack.top(), fail);
        return;
      case Op.SETITEMS:
        setItems(stack.popMark(), stack.top(), fail);
        return;
      case Op.ADDITEMS:
        addItems(stack.popMark(), stack.top(), fail);
        return;

      case Op.MARK:
        return stack.mark();
      case Op.POP:
        return stack.discard();
      case Op.POP_MARK:
        return void stack.popMark();
      case Op.DUP:
        return stack.push(stack.top());
      case Op.PROTO:
        return this.#checkProtocol(cursor.uint8());
      case Op.FRAME:
        return this.#checkFrame(cursor.uint64());

      case Op.GLOBAL:
        return stack.push(this.#global(cursor.line(), cursor.line()));
      case Op.STACK_GLOBAL:
        return stack.push(this.#global(...stack.popMany(2)));
      case Op.REDUCE:
      case Op.NEWOBJ:
        return this.#call(...stack.popMany(2));
      case Op.NEWOBJ_EX: {
        const [callable, args] = stack.popMany(3);
        return this.#call(callable, args);
      }
      case Op.INST: {
        const callable = this.#global(cursor.line(), cursor.line());
        return this.#call(callable, new Tuple(stack.popMark()));
      }
      case Op.OBJ: {
        const [callable, ...args] = stack.popMark();
        return this.#call(callable, new Tuple(args));
      }
      case Op.BUILD:
        return this.#build(stack.pop());
      case Op.PERSID:
        return this.#persistent(cursor.line());
      case Op.BINPERSID:
        return this.#persistent(stack.pop());
      default:
        throw this.#refuse(code);
    }
  }

  /** The error for an instruction that torch.save does not write. */
  #refuse(code: number): FormatError {
    switch (code) {
      case Op.EXT1:
      case Op.EXT2:
      case Op.EXT4:
        return this.#fail(
          "expected tensors and plain data, got an extension of Python's copyreg",
        );
      case Op.NEXT_BUFFER:
      case Op.READONLY_BUFFER:
        return this.#fail(
          "expected all data in the file, got an out-of-band buffer",
        );
      default:
        return this.#fail(
          `expected an instruction of a pickle, got 0x${code.toString(16)}`,
        );
    }
  }

  #put(index: number): void {
    this.#memo.set(index, this.#stack.top());
    if (this.#memo.size > MAX_MEMO_VALUES)
      throw this.#fail(`more than ${MAX_MEMO_VALUES} values in the memo`);
  }

  #get(index: number): void {
    if (!this.#memo.has(index))
      throw this.#fail(`the memo has no value ${index}`);
    this.#stack.push(this.#memo.get(index));
  }

  #lineNumber(): number {
    const line = this.#cursor.line();
    if (/^\d{1,9}$/.test(line)) return Number(line);
    throw this.#fail("expected an index of the memo");
  }

  #checkProtocol(protocol: number): void {
    if (protocol > NEWEST_PROTOCOL)
      throw this.#fail(
        `expected a pickle of at most protocol ${NEWEST_PROTOCOL}, got ${protocol}`,
      );
  }

  #checkFrame(length: number): void {
    const { left } = this.#cursor;
    if (length > left)
      throw this.#fail(`expected a frame of ${length} bytes, got ${left}`);
  }

  #global(module?: unknown, name?: unknown): unknown {
    if (typeof module === "string" && typeof name === "string")
      return this.#host.global(module, name, this.#place());
    throw this.#wrong("the names of a module and of its member", name);
  }

  #call(callable?: unknown, args?: unknown): void {
    if (!(args instanceof Tuple))
      throw this.#wrong("a tuple of arguments", args);
    if (callable instanceof Placeholder)
      return this.#stack.make(this.#host.object(callable, args.items));
    if (!(callable instanceof Callable))
      throw this.#wrong("a class or a function to call", callable);
    this.#stack.make(callable.call(args.items, this.#place()));
  }

  /** Sets the attributes of an OrderedDict or of a placeholder object. */
  #build(state: unknown): void {
    const dict = this.#stack.top();
    if (dict instanceof Placeholder) {
      dict.state = state;
      return;
    }
    if (!(dict instanceof Dict)) throw this.#wrong("an OrderedDict", dict);
    if (!(state instanceof Dict)) throw this.#wrong("its attributes", state);
    dict.attributes = state;
  }

  #persistent(id: unknown): void {
    this.#stack.make(this.#host.persistent(id, this.#place()));
  }

  #wrong(expected: string, got: unknown): FormatError {
    return this.#fail(`expected ${expected}, got ${describeValue(got)}`);
  }

  #place(): string {
    return this.#cursor.place(this.#at);
  }
}
