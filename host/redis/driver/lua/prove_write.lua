-- KEYS[1]: holds nothing that anybody reads. That it is written is the answer.
redis.call('SET', KEYS[1], '1', 'PX', 1000)
return {STATUS.OK}
