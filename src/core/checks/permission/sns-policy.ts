import type { Check } from '../../doctor/check.ts';
import { refusedHops } from './refused-hops.ts';

/** A topic that a rule of the bucket names does not admit S3: the policy that a new topic gets does not. */
export const snsPolicy: Check = {
  id: 'sns-policy',
  reads: ['topics.attributes'],
  judge: (look) =>
    refusedHops(look, {
      id: 'sns-policy',
      concerns: ({ kind, sender }) => kind === 'sns' && sender.service === 's3.amazonaws.com',
      what: 'S3 publish',
      whom: 'the topic',
    }),
};
