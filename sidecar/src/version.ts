/** The version, put in by the build; sources that run unbuilt say so. */
declare const TAPEWATCH_VERSION: string | undefined;

export const VERSION = typeof TAPEWATCH_VERSION === 'string' ? TAPEWATCH_VERSION : '0.0.0-source';
