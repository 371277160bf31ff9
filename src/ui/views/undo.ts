import type { UndoResult } from '../../commands/undo.ts';
import { sanitize } from '../sanitize.ts';
import type { ViewOptions } from '../view-options.ts';
import { folded } from './parts.ts';

export function viewUndo(result: UndoResult, options: ViewOptions): readonly string[] {
  const { theme } = options;
  const done = result.steps.some((step) => step.outcome === 'applied');
  const ids = (rules: UndoResult['removed']) => rules.map(({ id }) => sanitize(id)).join(', ');
  const mark = done ? theme.good(theme.symbols.done) : theme.symbols.bullet;
  const what = `${sanitize(result.bucket)}: the configuration from before ${result.changedAt} ${done ? 'is back' : 'would come back'}`;
  const [first = '', ...more] = folded(what, 0, options);
  return [
    `${mark} ${first}`,
    ...more,
    ...(result.removed.length === 0 ? [] : folded(`without ${ids(result.removed)}`, 2, options)),
    ...(result.restored.length === 0 ? [] : folded(`with ${ids(result.restored)}`, 2, options)),
  ];
}
