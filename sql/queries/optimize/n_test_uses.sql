select count(*)::bigint as n
from optimize.test_uses
