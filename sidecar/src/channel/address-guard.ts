/**
 * Which addresses a webhook may reach. Loopback, private, link-local (cloud metadata among them), carrier and reserved
 * ranges are refused unless the configuration allows them by name, at the moment of connecting and after resolution, so
 * that neither odd spellings of an address nor a name that changes its address gets around it (OWASP ASVS 1.3.6).
 */
import dns from 'node:dns';
import net, { type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Azure's metadata and control address, which lies in a public range. */
const PUBLIC_METADATA = ['168.63.129.16'];

export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [Address, number];

export class AddressGuard {
  readonly #hosts = new Set<string>();
  readonly #ranges: Range[] = [];
  readonly #resolve: typeof dns.lookup;

  /** `allowPrivate`: host names, addresses or ranges in CIDR notation. */
  constructor(allowPrivate: readonly string[], resolve: typeof dns.lookup = dns.lookup) {
    this.#resolve = resolve;
    for (const entry of allowPrivate) {
      if (ipaddr.isValidCIDR(entry)) this.#ranges.push(ipaddr.parseCIDR(entry));
      else if (ipaddr.isValid(entry)) this.#ranges.push(single(ipaddr.process(entry)));
      else this.#hosts.add(entry.toLowerCase());
    }
  }

  /** Throws for a literal address that is refused; a name is judged when it has been resolved. */
  checkHost(hostname: string): void {
    const bare = hostname.replace(/^\[|\]$/g, '');
    if (net.isIP(bare) !== 0) this.#check(bare, bare);
  }

  /** For a connector's `lookup`: resolves, and refuses when any of the addresses is refused. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.#resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      try {
        for (const { address } of addresses) this.#check(address, hostname);
      } catch (refused) {
        return callback(refused as NodeJS.ErrnoException, '', 0);
      }
      const [first] = addresses;
      if (options.all === true) callback(null, addresses);
      else callback(null, first?.address ?? '', first?.family ?? 0);
    });
  };

  #check(text: string, host: string): void {
    const address = ipaddr.process(text);
    const isPublic = address.range() === 'unicast' && !PUBLIC_METADATA.includes(address.toString());
    if (isPublic || this.#hosts.has(host.toLowerCase())) return;
    if (this.#ranges.some((range) => address.kind() === range[0].kind() && address.match(range as never))) return;
    throw new AddressRefused(
      `${host === text ? text : `${host} (${text})`} is ${address.range()}, not a public address; allow it by name in allowPrivate`,
    );
  }
}

function single(address: Address): Range {
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
