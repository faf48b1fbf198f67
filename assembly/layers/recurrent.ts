export { recurrent } from "../recurrence";
