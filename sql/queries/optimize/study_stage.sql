select study_stages.fields
from optimize.study_stages
where study_stages.study_key = $study_key
    and study_stages.stage = $stage
