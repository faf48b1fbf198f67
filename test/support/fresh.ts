/** Before every file that shares its process: the backend that a fresh process has, whatever the file before chose. */
import { init } from "../../src/index.js";

await init({ backend: "auto" });
