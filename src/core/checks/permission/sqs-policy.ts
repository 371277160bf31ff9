import type { Check } from '../../doctor/check.ts';
import { refusedHops } from './refused-hops.ts';

/** A queue that a rule of the bucket names does not admit S3. */
export const sqsPolicy: Check = {
  id: 'sqs-policy',
  reads: ['queues.attributes'],
  judge: (look) =>
    refusedHops(look, {
      id: 'sqs-policy',
      concerns: ({ kind, sender }) => kind === 'sqs' && sender.service === 's3.amazonaws.com',
      what: 'S3 send messages',
      whom: 'the queue',
    }),
};
