// ESLint 10 no longer reads .eslintrc.json by itself: FlatCompat hands it over, so the rules have one home.
import { readFileSync } from 'node:fs';
import { FlatCompat } from '@eslint/eslintrc';
import js from '@eslint/js';

const rules = JSON.parse(readFileSync(new URL('.eslintrc.json', import.meta.url), 'utf8'));
const { ignorePatterns, root: _root, ...config } = rules;
const compat = new FlatCompat({
  baseDirectory: import.meta.dirname,
  recommendedConfig: js.configs.recommended,
});

export default [{ ignores: ignorePatterns }, ...compat.config(config)];
