import type { Check } from '../../doctor/check.ts';
import { downstream, DOWNSTREAM_FACTS } from './downstream.ts';

/** A subscriber of a topic does not admit the topic. */
export const snsDownstreamPermission: Check = {
  id: 'sns-downstream-permission',
  reads: DOWNSTREAM_FACTS,
  judge: (look) =>
    downstream(look, 'sns.amazonaws.com').map((found) => ({ id: 'sns-downstream-permission', ...found })),
};
