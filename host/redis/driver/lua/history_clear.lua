-- KEYS: 1 ids  2 hash of id = data
redis.call('DEL', KEYS[1], KEYS[2])
return {STATUS.OK}
