import type { DestroyResult } from '../../commands/destroy.ts';
import { sanitize } from '../sanitize.ts';
import type { ViewOptions } from '../view-options.ts';
import { countSteps, folded } from './parts.ts';

export function viewDestroy(result: DestroyResult, options: ViewOptions): readonly string[] {
  const { theme } = options;
  const { applied, planned } = countSteps(result.steps);
  const lines = result.kept.flatMap(({ title, reason }) => {
    const [first = '', ...more] = folded(`${sanitize(title)} stays: ${sanitize(reason)}`, 0, options);
    return [`${theme.warn(theme.symbols.bullet)} ${first}`, ...more];
  });
  if (planned > 0) return [...lines, `${things(planned)} would be removed; nothing was.`];
  lines.push(
    applied === 0
      ? 'Nothing was left to remove.'
      : `${theme.good(theme.symbols.done)} ${things(applied)} removed`,
  );
  return result.projectFile === null
    ? lines
    : [...lines, ...folded(`What stays is remembered in ${sanitize(result.projectFile)}.`, 0, options)];
}

function things(count: number): string {
  return count === 1 ? '1 thing' : `${count} things`;
}
