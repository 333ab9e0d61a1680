select completion_key
from play.completions
order by completion_key
