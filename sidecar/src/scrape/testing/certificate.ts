/** An authority of its own for a test, with certificates for a server and a client, made by openssl. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Authority {
  /** `file('ca.pem')`, `server.pem`, `server.key`, `client.pem`, `client.key` */
  readonly file: (name: string) => string;
  readonly text: (name: string) => string;
  remove(): void;
}

export function makeAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'tapewatch-scrape-tls-'));
  const file = (name: string): string => join(folder, name);
  const openssl = (command: string): void =>
    void execFileSync('openssl', command.split(' '), { cwd: folder, stdio: 'pipe' });
  openssl('req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=TestCA');
  writeFileSync(file('san'), 'subjectAltName=IP:127.0.0.1,DNS:exporter.example');
  for (const name of ['server', 'client']) {
    openssl(`req -newkey rsa:2048 -nodes -keyout ${name}.key -out ${name}.csr -subj /CN=${name}`);
    openssl(`x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out ${name}.pem -days 2 -extfile san`);
  }
  return {
    file,
    text: (name) => readFileSync(file(name), 'utf8'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
