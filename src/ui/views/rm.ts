import type { RmResult } from '../../commands/rm.ts';
import { sanitize } from '../sanitize.ts';
import type { ViewOptions } from '../view-options.ts';
import { countSteps } from './parts.ts';

export function viewRm(result: RmResult, { theme }: ViewOptions): readonly string[] {
  const { planned } = countSteps(result.steps);
  const ids = result.removed.map(({ id }) => sanitize(id)).join(', ');
  const noun = result.removed.length === 1 ? 'rule' : 'rules';
  const mark = planned > 0 ? theme.symbols.bullet : theme.good(theme.symbols.done);
  return [
    `${mark} ${noun} ${ids} ${planned > 0 ? 'would be removed' : 'removed'} from ${theme.strong(sanitize(result.bucket))}`,
    ...(planned > 0 ? [] : [`  Put back: ${theme.accent(sanitize(result.undoCommand))}`]),
  ];
}
