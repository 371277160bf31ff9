// The thread behind static-server.js.
import { createServer } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { createPages } from './log-pages.js';

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
  /** `log`: which, `pages`: how many. Made ahead as far as that is no matter of memory. */
  'log pages': ({ log, pages }) => {
    const page = createPages(log, pages);
    const made = Array.from({ length: Math.min(pages, 10) }, (_, i) => Buffer.from(page(i)));
    return (_request, body, response) => {
      const number = Number(/next-(\d+)/.exec(body)?.[1] ?? -1) + 1;
      response
        .writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
        .end(made[number] ?? page(number));
    };
  },
};

const answer = KINDS[workerData.kind](workerData);
const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (text) => (body += text));
  request.on('end', () => answer(request, body, response));
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
