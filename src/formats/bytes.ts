export { toBytes } from "../bytes.js";
