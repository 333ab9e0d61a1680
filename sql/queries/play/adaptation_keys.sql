select adaptation_key
from play.adaptations
