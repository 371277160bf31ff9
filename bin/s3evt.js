#!/usr/bin/env node
// CommonJS (package.json beside it): Node's loader of ES modules alone would take a fifth of a start.
'use strict';
// eslint-disable-next-line @typescript-eslint/no-require-imports
require('../dist/launcher.cjs').launch(__filename);
