export { join } from "./team";
export { serve, split, takePart } from "./split";
