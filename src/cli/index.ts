/** What the launcher and the build use of the program. */
export { main } from './main.ts';
export { processHost } from './process-host.ts';
export { createProgram } from './program.ts';
