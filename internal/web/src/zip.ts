// What the writer of workbooks compresses with, in place of fflate itself (see the Makefile): that would do it in workers made
// of text, which the policy of the page's contents refuses.
import { strToU8, zipSync, type Zippable } from "../node_modules/fflate/esm/browser.js";

export { strToU8, zipSync };

export const zip = (files: Zippable, done: (error: null, archive: Uint8Array) => void): void => done(null, zipSync(files));
