select count(*)::bigint as n
from optimize.generations
where generations.run_key = $run_key
