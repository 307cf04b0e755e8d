"""What is measured on a voice after it was made."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("voices", sa.Column("similarity", sa.Double(), nullable=True))
    op.add_column("voices", sa.Column("clarity", sa.Double(), nullable=True))


def downgrade() -> None:
    # Older servers know one stage; with them the voice is refined and not heard before.
    op.execute("UPDATE voices SET refinement = 'pending' WHERE refinement IN ('hearing', 'measure')")
    op.drop_column("voices", "clarity")
    op.drop_column("voices", "similarity")
