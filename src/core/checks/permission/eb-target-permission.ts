import type { Check } from '../../doctor/check.ts';
import { downstream, DOWNSTREAM_FACTS } from './downstream.ts';

/** A target of an event rule does not admit EventBridge. */
export const ebTargetPermission: Check = {
  id: 'eb-target-permission',
  reads: DOWNSTREAM_FACTS,
  judge: (look) =>
    downstream(look, 'events.amazonaws.com').map((found) => ({ id: 'eb-target-permission', ...found })),
};
