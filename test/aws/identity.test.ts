import { describe, expect, test } from 'vitest';
import { callerIdentity } from '../../src/aws/identity.ts';
import { callerIdentityXml, KEYS, makeAws, makeHome, sendXml, startServer } from './support.ts';

const ENV = { ...KEYS, AWS_REGION: 'cn-north-1' };

describe('callerIdentity', () => {
  test('names account, ARN, user id and partition, and asks once', async () => {
    const arn = 'arn:aws-cn:sts::444455556666:assumed-role/Admin/alice';
    const server = await startServer((_request, response) => {
      sendXml(response, 200, callerIdentityXml(arn, '444455556666'));
    });
    const aws = makeAws({ ...makeHome().env, ...ENV, AWS_ENDPOINT_URL: server.url });
    const [first, second] = await Promise.all([callerIdentity(aws), callerIdentity(aws)]);
    expect(first).toEqual({ account: '444455556666', arn, userId: 'AIDAEXAMPLE', partition: 'aws-cn' });
    expect(second).toBe(first);
    expect(await callerIdentity(aws)).toBe(first);
    expect(server.seen).toHaveLength(1);

    const other = makeAws({ ...makeHome().env, ...ENV, AWS_ENDPOINT_URL: server.url });
    await callerIdentity(other);
    expect(server.seen).toHaveLength(2);
  });

  test('a failure is translated and not remembered', async () => {
    let failures = 1;
    const server = await startServer((_request, response) => {
      if (failures-- > 0) {
        const code =
          '<Code>ExpiredToken</Code><Message>The security token included in the request is expired</Message>';
        sendXml(
          response,
          403,
          `<ErrorResponse><Error>${code}</Error><RequestId>R</RequestId></ErrorResponse>`,
        );
      } else sendXml(response, 200, callerIdentityXml('arn:aws:iam::111122223333:root'));
    });
    const aws = makeAws({ ...makeHome().env, ...ENV, AWS_ENDPOINT_URL: server.url });
    await expect(callerIdentity(aws)).rejects.toMatchObject({ code: 'CREDENTIALS_EXPIRED', exitCode: 4 });
    expect((await callerIdentity(aws)).arn).toBe('arn:aws:iam::111122223333:root');
  });

  test('an answer without an account is an error', async () => {
    const server = await startServer((_request, response) => {
      sendXml(
        response,
        200,
        '<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>',
      );
    });
    const aws = makeAws({ ...makeHome().env, ...ENV, AWS_ENDPOINT_URL: server.url });
    await expect(callerIdentity(aws)).rejects.toMatchObject({ code: 'AWS_ERROR' });
  });
});
