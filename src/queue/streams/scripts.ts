/*
 * The data of live streams in Redis. They are only changed by these Lua scripts, of which Redis runs one at a time.
 *
 *     s:ID            a hash: model, size (bytes of a frame), next (frames received), done (frames answered), acked
 *                     (answers read), checkpoint (frames after which `state` was stored), owner (its host, or none),
 *                     token (how many hosts it has had), queued (whether it is in a list below), reader (its client),
 *                     told (whether it is in the client's list), error
 *     s:ID:in  :out   Redis streams: blocks of n frames or answers d; the id of a block is the number of its first, plus 1
 *     ready           ids of streams with frames and without a host
 *     h:HOST:inbox    ids of the host's streams with frames; h:HOST:streams has all its streams
 *     hosts           hosts by the time at which their leases expire
 *     c:READER        ids of the client's streams with new answers
 *
 * A host whose lease expired finds another owner or token: its answers are then refused.
 */
import type { Redis } from "ioredis";

/** The beginning of all scripts. KEYS[1] is the prefix of all keys. */
const COMMON = `
local P = KEYS[1]
local function stream(id) return P .. 's:' .. id end
local function number(text) return tonumber(text or '0') or 0 end
local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
-- puts it where its host looks, or all hosts if it has none
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
-- takes it from its owner; other hosts get it if frames wait
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

/** id, model, size, reader → next, acked; or the stream's model if it is another */
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

/** id, first, frames, limit → next; or -1 no such stream, -2 frames before these are missing, -3 no room; and next */
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

/** host, most, room → id, token and whether it is new to the host, for each of its streams with frames */
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
-- a host whose lease expired gets no new streams
local alive = redis.call('ZSCORE', P .. 'hosts', host)
-- at least half of a turn is for streams without a host, lest a busy host never take any
if alive then nobodys(math.floor(most / 2)) end
own(most)
if alive then nobodys(most) end
return found
`;

/** id, host, token, first, bytes of an answer, answers, checkpoint or -1, state, trim → 1 and frames that wait; 0 if not its stream */
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

/** id, host, token, checkpoint or -1, state, trim → 1; 0 if not its stream */
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

/** id, host, token, error: no host tries it again */
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

/** host, milliseconds, whether it begins → 1; 0 if its lease expired, so that it has lost its streams */
const BEAT = `
local known = redis.call('ZSCORE', P .. 'hosts', ARGV[1])
if not known and ARGV[3] ~= '1' then return 0 end
redis.call('ZADD', P .. 'hosts', now() + number(ARGV[2]), ARGV[1])
return 1
`;

/** Releases some streams of a dead host → how many dead hosts there were */
const REAP = `
local dead = redis.call('ZRANGEBYSCORE', P .. 'hosts', '-inf', now(), 'LIMIT', 0, 1)
for _, host in ipairs(dead) do
  local own = P .. 'h:' .. host .. ':streams'
  -- the host may come back meanwhile: it must not take more streams
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

/** host: is removed, after it released its streams */
const LEAVE = `
redis.call('ZREM', P .. 'hosts', ARGV[1])
redis.call('DEL', P .. 'h:' .. ARGV[1] .. ':inbox')
return 1
`;

/** reader, most → ids of streams with new answers */
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

/** id, number of answers read */
const ACK = `
local s = stream(ARGV[1])
if number(redis.call('HGET', s, 'acked')) >= number(ARGV[2]) then return 0 end
redis.call('HSET', s, 'acked', ARGV[2])
redis.call('XTRIM', s .. ':out', 'MINID', (number(ARGV[2]) + 1) .. '-0')
return 1
`;

/** id: removes all of it */
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

/** The scripts, as commands of a connection. */
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

  /** Runs scripts together; their results in order. Throws the first error. */
  async all(
    calls: readonly (readonly [Script, ...Argument[]])[],
  ): Promise<unknown[]> {
    return Promise.all(calls.map(([name, ...args]) => this.run(name, ...args)));
  }
}
