/** The form of metadata.gatewise; a reader refuses others. */
export const VERSION = 2;
