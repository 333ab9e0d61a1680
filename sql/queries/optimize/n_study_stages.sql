select count(*)::bigint as n
from optimize.study_stages
where study_stages.study_key = $study_key
