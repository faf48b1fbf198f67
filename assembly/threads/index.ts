export { join } from "./crew";
export { serve, split } from "./split";
