select
    study_key,
    stage,
    fields
from optimize.study_stages
order by study_key, stage
