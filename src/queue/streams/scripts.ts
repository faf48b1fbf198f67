/*
 * What is kept of a live stream, and the only ways in which it changes: Lua, of which Redis runs one at a time.
 *
 *     s:ID            a hash: model, size (bytes of a frame), next (frames that came), done (frames answered), acked
 *                     (answers that were read), checkpoint (frames that `state` is behind), owner (the host that it
 *                     lives with, or none), token (how often it has had one), queued (whether it stands in a list
 *                     below), reader (who reads it), told (whether it stands in that one's list), error
 *     s:ID:in  :out   Redis streams: a block of n frames or answers d, its id the number of its first one and 1
 *     ready           ids that have frames and no host
 *     h:HOST:inbox    ids that have frames and this host; h:HOST:streams all that live with it
 *     hosts           hosts by the time until which they are taken to be alive
 *     c:READER        ids that have answers for it
 *
 * A host that is taken to be dead and is not finds another owner or token: whatever it brings is refused.
 */
import type { Redis } from "ioredis";

/** In front of all: KEYS[1] is what all keys begin with. */
const COMMON = `
local P = KEYS[1]
local function stream(id) return P .. 's:' .. id end
local function number(text) return tonumber(text or '0') or 0 end
local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
-- where whoever is to go on with it looks
local function enqueue(id, owner)
  redis.call('HSET', stream(id), 'queued', '1')
  if owner and owner ~= '' then
    redis.call('RPUSH', P .. 'h:' .. owner .. ':inbox', id)
    redis.call('PUBLISH', P .. 'h:' .. owner, '')
  else
    redis.call('RPUSH', P .. 'ready', id)
    redis.call('PUBLISH', P .. 'ready', '')
  end
end
-- without an owner; to others where frames wait
local function free(id, s)
  redis.call('HSET', s, 'owner', '')
  local v = redis.call('HMGET', s, 'next', 'done')
  if number(v[1]) > number(v[2]) then enqueue(id, '')
  else redis.call('HSET', s, 'queued', '0') end
end
local function keep(s, checkpoint, state, trim)
  redis.call('HSET', s, 'checkpoint', checkpoint, 'state', state)
  redis.call('XTRIM', s .. ':in', 'MINID', trim)
end
`;

/** id, model, size, reader → next, acked; the model that it has where that is another */
const OPEN = `
local s = stream(ARGV[1])
local v = redis.call('HMGET', s, 'model', 'next', 'acked', 'done')
if v[1] and v[1] ~= ARGV[2] then return v[1] end
if not v[1] then
  redis.call('HSET', s, 'model', ARGV[2], 'size', ARGV[3], 'next', '0', 'done', '0', 'acked', '0',
    'checkpoint', '0', 'owner', '', 'token', '0', 'queued', '0')
end
redis.call('HSET', s, 'reader', ARGV[4], 'told', '0')
return {number(v[2]), number(v[3])}
`;

/** id, first, frames, limit → next; -1 no such stream, -2 frames are missing before these, -3 no room; and next */
const PUSH = `
local s = stream(ARGV[1])
local v = redis.call('HMGET', s, 'size', 'next', 'acked', 'owner', 'queued', 'error')
if not v[1] then return {-1, 0} end
if v[6] then return {-4, v[6]} end
local size, next, data = number(v[1]), number(v[2]), ARGV[3]
local skip = next - number(ARGV[2])
if skip < 0 then return {-2, next} end
local count = #data / size - skip
if count <= 0 then return {next, next} end
if next + count - number(v[3]) > number(ARGV[4]) then return {-3, next} end
if skip > 0 then data = string.sub(data, skip * size + 1) end
redis.call('XADD', s .. ':in', (next + 1) .. '-0', 'n', count, 'd', data, 't', now())
redis.call('HSET', s, 'next', next + count)
if v[5] ~= '1' then enqueue(ARGV[1], v[4]) end
return {next + count, next + count}
`;

/** host, most, room → of each stream with frames: id, token, whether it is new here */
const TAKE = `
local host, most, room = ARGV[1], number(ARGV[2]), number(ARGV[3])
local found = {}
local function own(upto)
  while #found < upto do
    local id = redis.call('LPOP', P .. 'h:' .. host .. ':inbox')
    if not id then return end
    local v = redis.call('HMGET', stream(id), 'owner', 'token')
    if v[1] == host then found[#found + 1] = {id, v[2], 0} end
  end
end
local function nobodys(upto)
  while #found < upto and room > 0 do
    local id = redis.call('LPOP', P .. 'ready')
    if not id then return end
    local s = stream(id)
    if redis.call('HGET', s, 'owner') == '' then
      redis.call('HSET', s, 'owner', host)
      redis.call('SADD', P .. 'h:' .. host .. ':streams', id)
      found[#found + 1] = {id, redis.call('HINCRBY', s, 'token', 1), 1}
      room = room - 1
    end
  end
end
-- one that is no longer taken to be alive gets nothing new
local alive = redis.call('ZSCORE', P .. 'hosts', host)
-- half of a turn for those that nobody has: a host that is busy for good would never come to them
if alive then nobodys(math.floor(most / 2)) end
own(most)
if alive then nobodys(most) end
return found
`;

/** id, host, token, first, bytes of an answer, answers, checkpoint or -1, state, trim → 1 and frames that wait; 0: not its own */
const COMMIT = `
local id, host, data = ARGV[1], ARGV[2], ARGV[6]
local s = stream(id)
local v = redis.call('HMGET', s, 'owner', 'token', 'done', 'next', 'reader', 'told')
if v[1] ~= host or v[2] ~= ARGV[3] then return {0, 0} end
local size, done = number(ARGV[5]), number(v[3])
local skip = done - number(ARGV[4])
local count = #data / size - skip
if skip < 0 then return redis.error_reply('ERR answers are missing before these') end
if count > 0 then
  if skip > 0 then data = string.sub(data, skip * size + 1) end
  redis.call('XADD', s .. ':out', (done + 1) .. '-0', 'n', count, 'd', data)
  done = done + count
  redis.call('HSET', s, 'done', done)
  if v[5] and v[6] ~= '1' then
    redis.call('HSET', s, 'told', '1')
    redis.call('RPUSH', P .. 'c:' .. v[5], id)
    redis.call('PUBLISH', P .. 'c:' .. v[5], '')
  end
end
if number(ARGV[7]) >= 0 then keep(s, ARGV[7], ARGV[8], ARGV[9]) end
local left = number(v[4]) - done
if left > 0 then redis.call('RPUSH', P .. 'h:' .. host .. ':inbox', id)
else redis.call('HSET', s, 'queued', '0') end
return {1, left}
`;

/** id, host, token, checkpoint or -1, state, trim → 1; 0: not its own */
const RELEASE = `
local id, host = ARGV[1], ARGV[2]
local s = stream(id)
local v = redis.call('HMGET', s, 'owner', 'token')
redis.call('SREM', P .. 'h:' .. host .. ':streams', id)
if v[1] ~= host or v[2] ~= ARGV[3] then return 0 end
if number(ARGV[4]) >= 0 then keep(s, ARGV[4], ARGV[5], ARGV[6]) end
free(id, s)
return 1
`;

/** id, host, token, what is wrong: nobody tries it again */
const REFUSE = `
local s = stream(ARGV[1])
local v = redis.call('HMGET', s, 'owner', 'token', 'reader')
redis.call('SREM', P .. 'h:' .. ARGV[2] .. ':streams', ARGV[1])
if v[1] ~= ARGV[2] or v[2] ~= ARGV[3] then return 0 end
redis.call('HSET', s, 'owner', '', 'queued', '1', 'error', ARGV[4])
if v[3] then
  redis.call('RPUSH', P .. 'c:' .. v[3], ARGV[1])
  redis.call('PUBLISH', P .. 'c:' .. v[3], '')
end
return 1
`;

/** host, milliseconds, whether it begins → 1; 0: it was taken to be dead, and has lost what it had */
const BEAT = `
local known = redis.call('ZSCORE', P .. 'hosts', ARGV[1])
if not known and ARGV[3] ~= '1' then return 0 end
redis.call('ZADD', P .. 'hosts', now() + number(ARGV[2]), ARGV[1])
return 1
`;

/** Takes some streams from hosts that are dead, for others → how many hosts it saw */
const REAP = `
local dead = redis.call('ZRANGEBYSCORE', P .. 'hosts', '-inf', now(), 'LIMIT', 0, 1)
for _, host in ipairs(dead) do
  local own = P .. 'h:' .. host .. ':streams'
  -- it may be alive again while this goes on: all at once it loses the right to take more
  redis.call('ZADD', P .. 'hosts', 0, host)
  for _, id in ipairs(redis.call('SPOP', own, number(ARGV[1]))) do
    local s = stream(id)
    if redis.call('HGET', s, 'owner') == host then free(id, s) end
  end
  if redis.call('SCARD', own) == 0 then
    redis.call('DEL', P .. 'h:' .. host .. ':inbox')
    redis.call('ZREM', P .. 'hosts', host)
  end
end
return #dead
`;

/** host: leaves in order */
const LEAVE = `
redis.call('ZREM', P .. 'hosts', ARGV[1])
redis.call('DEL', P .. 'h:' .. ARGV[1] .. ':inbox')
return 1
`;

/** reader, most → ids that have answers */
const HEAR = `
local found = {}
while #found < number(ARGV[2]) do
  local id = redis.call('LPOP', P .. 'c:' .. ARGV[1])
  if not id then break end
  redis.call('HSET', stream(id), 'told', '0')
  found[#found + 1] = id
end
return found
`;

/** id, answers that were read */
const ACK = `
local s = stream(ARGV[1])
if number(redis.call('HGET', s, 'acked')) >= number(ARGV[2]) then return 0 end
redis.call('HSET', s, 'acked', ARGV[2])
redis.call('XTRIM', s .. ':out', 'MINID', (number(ARGV[2]) + 1) .. '-0')
return 1
`;

/** id: nothing is left of it */
const REMOVE = `
local s = stream(ARGV[1])
local owner = redis.call('HGET', s, 'owner')
if owner and owner ~= '' then redis.call('SREM', P .. 'h:' .. owner .. ':streams', ARGV[1]) end
return redis.call('DEL', s, s .. ':in', s .. ':out')
`;

const SCRIPTS = {
  open: OPEN,
  push: PUSH,
  take: TAKE,
  commit: COMMIT,
  release: RELEASE,
  refuse: REFUSE,
  beat: BEAT,
  reap: REAP,
  leave: LEAVE,
  hear: HEAR,
  ack: ACK,
  remove: REMOVE,
};

export type Script = keyof typeof SCRIPTS;
export type Argument = string | number | Buffer;

type Run = (prefix: string, ...args: Argument[]) => Promise<unknown>;

const commandOf = (name: Script) => `gatewise:${name}`;

/** The scripts over a connection, and over the commands of a pipeline. */
export class Scripts {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
    for (const [name, lua] of Object.entries(SCRIPTS))
      redis.defineCommand(commandOf(name as Script), {
        numberOfKeys: 1,
        lua: COMMON + lua,
      });
  }

  run(name: Script, ...args: Argument[]): Promise<unknown> {
    const commands = this.#redis as unknown as Record<string, Run>;
    return (commands[commandOf(name)] as Run).call(
      this.#redis,
      this.#prefix,
      ...args,
    );
  }

  /** Together, with one journey: their answers in order. The first that fails is thrown. */
  async all(
    calls: readonly (readonly [Script, ...Argument[]])[],
  ): Promise<unknown[]> {
    return Promise.all(calls.map(([name, ...args]) => this.run(name, ...args)));
  }
}
