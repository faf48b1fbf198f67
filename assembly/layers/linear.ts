export { linear } from "../linear";
