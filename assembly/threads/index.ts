export { join } from "./team";
export { serve, split } from "./split";
