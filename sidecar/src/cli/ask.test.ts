/** The command's way to a sidecar: a local server stands in for it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ask } from './ask.ts';

let server: Server;
let answer: unknown;
let seen: { url: string | undefined; body: string; authorization: string | undefined };

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      seen = { url: request.url, body, authorization: request.headers.authorization };
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

it('prints columns, rows and why a cell is empty', async () => {
  const columns = [
    { name: 'strategy', type: 'string' },
    { name: 'var 95', type: 'number' },
  ];
  const rows = [
    ['momentum', 12.5],
    ['mm', null],
  ];
  answer = { status: 'success', data: { tables: [{ name: '', columns, rows, notices: ['left empty'] }] } };
  const lines = await ask('{"queryType":"risk"}', { url: url(), from: '100', token: 'secret' });
  expect(lines).toEqual(['strategy  var 95', 'momentum  12.5', 'mm        -', '# left empty']);
  expect(seen).toEqual({
    url: '/api/v1/trading/query',
    body: 'document=%7B%22queryType%22%3A%22risk%22%7D&from=100',
    authorization: 'Bearer secret',
  });
});

it('tells what the sidecar refuses, and when there is none', async () => {
  answer = { status: 'error', errorType: 'bad_data', error: 'queryType: is not one of' };
  await expect(ask('{}', { url: url() })).rejects.toMatchObject({ message: 'queryType: is not one of' });
  await expect(ask('{}', { url: 'http://127.0.0.1:1' })).rejects.toMatchObject({ code: 'source.unavailable' });
});
