// The thread behind static-server.js.
import { createServer } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

const IDENTITY =
  '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
  '<Arn>arn:aws:iam::123456789012:user/ann</Arn><UserId>AIDAEXAMPLE</UserId><Account>123456789012</Account>' +
  '</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>';
const RULES =
  '<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></NotificationConfiguration>';

const KINDS = {
  'identity and rules': () => (request, _body, response) => {
    response.writeHead(200, { 'content-type': 'text/xml' }).end(request.method === 'POST' ? IDENTITY : RULES);
  },
};

const answer = KINDS[workerData.kind](workerData);
const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (text) => (body += text));
  request.on('end', () => answer(request, body, response));
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
