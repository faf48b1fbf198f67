/**
 * Serves this page. An AudioWorklet runs on pages from localhost or over https, not on files.
 *
 *     npm run build && node examples/amp/serve.mjs
 */
import { serve } from "../serve.mjs";

serve("/examples/amp/index.html");
