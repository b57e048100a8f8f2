import core.ids
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0036_audit_archive'),
        ('wallet', '0052_marketplace'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DeliveryOption',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('amount', models.BigIntegerField(default=0)),
                ('free_from', models.BigIntegerField(null=True)),
                ('least_days', models.PositiveSmallIntegerField(default=1)),
                ('most_days', models.PositiveSmallIntegerField(default=3)),
                ('heaviest', models.PositiveIntegerField(null=True)),
                ('states', models.JSONField(default=list)),
                ('is_open', models.BooleanField(default=True)),
            ],
            options={
                'verbose_name': 'delivery option',
                'verbose_name_plural': 'delivery options',
            },
        ),
        migrations.CreateModel(
            name='Promotion',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
                ('code', models.CharField(max_length=30, null=True)),
                ('kind', models.CharField(choices=[('PERCENT', 'Percent'), ('AMOUNT', 'An amount')], max_length=7)),
                ('value', models.DecimalField(decimal_places=4, max_digits=20)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(null=True)),
                ('most', models.BigIntegerField(null=True)),
                ('least', models.BigIntegerField(default=0)),
                ('only', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                ('budget', models.BigIntegerField(null=True)),
                ('given', models.BigIntegerField(default=0)),
                ('uses_each', models.PositiveSmallIntegerField(null=True)),
                ('is_combinable', models.BooleanField(default=False)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'verbose_name': 'promotion',
                'verbose_name_plural': 'promotions',
            },
        ),
        migrations.CreateModel(
            name='TaxClass',
            fields=[
                ('code', models.SlugField(max_length=20, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80)),
            ],
            options={
                'verbose_name': 'tax class',
                'verbose_name_plural': 'tax classes',
            },
        ),
        migrations.CreateModel(
            name='Address',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('recipient', models.CharField(max_length=80)),
                ('phone', models.CharField(max_length=20)),
                ('line', models.CharField(max_length=200)),
                ('city', models.CharField(max_length=80)),
                ('state', models.CharField(max_length=40)),
                ('landmark', models.CharField(blank=True, max_length=200)),
                ('is_default', models.BooleanField(default=False)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('removed_at', models.DateTimeField(null=True)),
                ('customer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'address',
                'verbose_name_plural': 'addresses',
            },
        ),
        migrations.CreateModel(
            name='Cart',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('token_digest', models.CharField(max_length=64, null=True, unique=True)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('customer', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'cart',
                'verbose_name_plural': 'carts',
            },
        ),
        migrations.CreateModel(
            name='Category',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('slug', models.SlugField(db_index=False)),
                ('path', models.CharField(db_collation='C', editable=False, max_length=300, unique=True)),
                ('name', models.CharField(max_length=80)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('is_open', models.BooleanField(default=True)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('parent', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='children', to='marketplace.category')),
            ],
            options={
                'verbose_name': 'category',
                'verbose_name_plural': 'categories',
            },
        ),
        migrations.CreateModel(
            name='Checkout',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('OPEN', 'Open'), ('PAID', 'Paid'), ('EXPIRED', 'Not paid in time'), ('CANCELLED', 'Cancelled')], default='OPEN', max_length=9)),
                ('amount', models.BigIntegerField(null=True)),
                ('hold_id', models.UUIDField(default=core.ids.uuid7, editable=False, unique=True)),
                ('posting_id', models.UUIDField(default=core.ids.posting_id, editable=False, unique=True)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('address', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='marketplace.address')),
                ('customer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'checkout',
                'verbose_name_plural': 'checkouts',
            },
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('seller_name', models.CharField(max_length=80)),
                ('ship_to', models.JSONField()),
                ('goods', models.BigIntegerField()),
                ('reduced', models.BigIntegerField(default=0)),
                ('delivery', models.BigIntegerField(default=0)),
                ('tax', models.BigIntegerField(default=0)),
                ('paid', models.BigIntegerField()),
                ('refunded', models.BigIntegerField(default=0)),
                ('commission_points', models.PositiveIntegerField()),
                ('commission_tax', models.DecimalField(decimal_places=4, max_digits=7)),
                ('state', models.CharField(choices=[('PLACED', 'Waiting for payment'), ('PAID', 'Paid'), ('ACCEPTED', 'Being prepared'), ('SHIPPED', 'On its way'), ('DELIVERED', 'Delivered'), ('COMPLETED', 'Completed'), ('CANCELLED', 'Cancelled'), ('REFUND_REQUESTED', 'Refund asked for'), ('REFUNDED', 'Refunded'), ('DISPUTED', 'Being looked into')], default='PLACED', max_length=16)),
                ('came_from', models.CharField(blank=True, choices=[('PLACED', 'Waiting for payment'), ('PAID', 'Paid'), ('ACCEPTED', 'Being prepared'), ('SHIPPED', 'On its way'), ('DELIVERED', 'Delivered'), ('COMPLETED', 'Completed'), ('CANCELLED', 'Cancelled'), ('REFUND_REQUESTED', 'Refund asked for'), ('REFUNDED', 'Refunded'), ('DISPUTED', 'Being looked into')], max_length=16)),
                ('return_days', models.PositiveSmallIntegerField()),
                ('placed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('changed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('lapses_at', models.DateTimeField(null=True)),
                ('completes_at', models.DateTimeField(null=True)),
                ('delivered_at', models.DateTimeField(null=True)),
                ('checkout', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='marketplace.checkout')),
                ('customer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('delivery_option', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='marketplace.deliveryoption')),
            ],
            options={
                'verbose_name': 'order',
                'verbose_name_plural': 'orders',
            },
        ),
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=1000)),
                ('answer', models.CharField(blank=True, max_length=1000)),
                ('outcome', models.CharField(blank=True, choices=[('BUYER', 'For the buyer'), ('PART', 'In part'), ('SELLER', 'For the seller')], max_length=6)),
                ('refund', models.BigIntegerField(null=True)),
                ('posting_id', models.UUIDField(default=core.ids.posting_id, editable=False, unique=True)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('decided_at', models.DateTimeField(null=True)),
                ('order', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='dispute', to='marketplace.order')),
            ],
            options={
                'verbose_name': 'dispute about an order',
                'verbose_name_plural': 'disputes about orders',
            },
        ),
        migrations.CreateModel(
            name='OrderChange',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('was', models.CharField(choices=[('PLACED', 'Waiting for payment'), ('PAID', 'Paid'), ('ACCEPTED', 'Being prepared'), ('SHIPPED', 'On its way'), ('DELIVERED', 'Delivered'), ('COMPLETED', 'Completed'), ('CANCELLED', 'Cancelled'), ('REFUND_REQUESTED', 'Refund asked for'), ('REFUNDED', 'Refunded'), ('DISPUTED', 'Being looked into')], max_length=16)),
                ('now', models.CharField(choices=[('PLACED', 'Waiting for payment'), ('PAID', 'Paid'), ('ACCEPTED', 'Being prepared'), ('SHIPPED', 'On its way'), ('DELIVERED', 'Delivered'), ('COMPLETED', 'Completed'), ('CANCELLED', 'Cancelled'), ('REFUND_REQUESTED', 'Refund asked for'), ('REFUNDED', 'Refunded'), ('DISPUTED', 'Being looked into')], max_length=16)),
                ('event', models.CharField(max_length=20)),
                ('who', models.CharField(max_length=10)),
                ('actor_id', models.UUIDField(null=True)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='marketplace.order')),
            ],
            options={
                'verbose_name': 'change of an order',
                'verbose_name_plural': 'changes of orders',
            },
        ),
        migrations.CreateModel(
            name='OrderItem',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=150)),
                ('sku', models.CharField(max_length=60)),
                ('options', models.JSONField(default=dict)),
                ('price', models.BigIntegerField()),
                ('quantity', models.PositiveIntegerField()),
                ('reductions', models.JSONField(default=dict)),
                ('paid', models.BigIntegerField()),
                ('tax_percent', models.DecimalField(decimal_places=4, max_digits=7)),
                ('tax', models.BigIntegerField()),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='marketplace.order')),
            ],
            options={
                'verbose_name': 'line of an order',
                'verbose_name_plural': 'lines of orders',
            },
        ),
        migrations.CreateModel(
            name='OrderMove',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('posting_id', models.UUIDField()),
                ('kind', models.CharField(choices=[('ESCROW', 'Set aside until it arrives'), ('RELEASE', 'To the seller'), ('COMMISSION', 'Commission'), ('COMMISSION_TAX', 'Tax on the commission'), ('REFUND', 'Back to the buyer')], max_length=14)),
                ('amount', models.BigIntegerField()),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='marketplace.order')),
            ],
            options={
                'verbose_name': 'money of an order',
                'verbose_name_plural': 'money of orders',
            },
        ),
        migrations.CreateModel(
            name='Product',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=150)),
                ('description', models.CharField(blank=True, max_length=5000)),
                ('weight', models.PositiveIntegerField(default=0)),
                ('state', models.CharField(choices=[('DRAFT', 'Draft'), ('IN_REVIEW', 'Being looked at'), ('LIVE', 'On sale'), ('PAUSED', 'Paused'), ('REMOVED', 'Removed')], default='DRAFT', max_length=9)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('words', django.contrib.postgres.search.SearchVectorField(editable=False, null=True)),
                ('lowest_price', models.BigIntegerField(editable=False, null=True)),
                ('stars', models.DecimalField(decimal_places=2, editable=False, max_digits=3, null=True)),
                ('reviews_count', models.PositiveIntegerField(default=0, editable=False)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('live_at', models.DateTimeField(null=True)),
                ('category', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='products', to='marketplace.category')),
            ],
            options={
                'verbose_name': 'product',
                'verbose_name_plural': 'products',
            },
        ),
        migrations.CreateModel(
            name='Picture',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60, unique=True)),
                ('text', models.CharField(blank=True, max_length=200)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('product', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='pictures', to='marketplace.product')),
            ],
            options={
                'verbose_name': 'picture of a product',
                'verbose_name_plural': 'pictures of products',
            },
        ),
        migrations.CreateModel(
            name='PromotionUse',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('amount', models.BigIntegerField()),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('returned_at', models.DateTimeField(null=True)),
                ('checkout', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reductions', to='marketplace.checkout')),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('promotion', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='marketplace.promotion')),
            ],
            options={
                'verbose_name': 'use of a promotion',
                'verbose_name_plural': 'uses of promotions',
            },
        ),
        migrations.CreateModel(
            name='RefundRequest',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('amount', models.BigIntegerField()),
                ('refunded', models.BigIntegerField(default=0)),
                ('reason', models.CharField(max_length=500)),
                ('answer', models.CharField(blank=True, max_length=500)),
                ('state', models.CharField(choices=[('OPEN', 'Open'), ('GRANTED', 'Granted'), ('REFUSED', 'Refused'), ('WITHDRAWN', 'Withdrawn'), ('DISPUTED', 'Disputed')], default='OPEN', max_length=9)),
                ('posting_id', models.UUIDField(default=core.ids.posting_id, editable=False, unique=True)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('ended_at', models.DateTimeField(null=True)),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='refund_requests', to='marketplace.order')),
            ],
            options={
                'verbose_name': 'refund asked for',
                'verbose_name_plural': 'refunds asked for',
            },
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('stars', models.PositiveSmallIntegerField()),
                ('text', models.CharField(blank=True, max_length=2000)),
                ('state', models.CharField(choices=[('SHOWN', 'Shown'), ('HIDDEN', 'Hidden')], default='SHOWN', max_length=6)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('item', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='review', to='marketplace.orderitem')),
                ('product', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='reviews', to='marketplace.product')),
            ],
            options={
                'verbose_name': 'review',
                'verbose_name_plural': 'reviews',
            },
        ),
        migrations.CreateModel(
            name='ReviewReport',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=300)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('decided_at', models.DateTimeField(null=True)),
                ('reporter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('review', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='marketplace.review')),
            ],
            options={
                'verbose_name': 'report of a review',
                'verbose_name_plural': 'reports of reviews',
            },
        ),
        migrations.CreateModel(
            name='Seller',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('display_name', models.CharField(max_length=80)),
                ('about', models.CharField(blank=True, max_length=500)),
                ('support_email', models.EmailField(max_length=254)),
                ('ships_within', models.PositiveSmallIntegerField(default=3)),
                ('return_days', models.PositiveSmallIntegerField(default=7)),
                ('state', models.CharField(choices=[('APPLIED', 'Being looked at'), ('APPROVED', 'Sells'), ('PAUSED', 'Paused')], default='APPLIED', max_length=8)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('applied_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('decided_at', models.DateTimeField(null=True)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
                ('organization', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='seller', to='accounts.organization')),
            ],
            options={
                'verbose_name': 'seller',
                'verbose_name_plural': 'sellers',
                'permissions': [('propose_seller', 'Can propose to approve, price and pause sellers'), ('approve_seller', 'Can approve to approve, price and pause sellers')],
            },
        ),
        migrations.AddField(
            model_name='promotion',
            name='seller',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='promotions', to='marketplace.seller'),
        ),
        migrations.CreateModel(
            name='ProductImport',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120)),
                ('sha256', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('PREVIEW', 'Looked at'), ('RUNNING', 'Being taken in'), ('DONE', 'Taken in'), ('CALLED_OFF', 'Called off')], default='PREVIEW', max_length=10)),
                ('rows', models.PositiveIntegerField(default=0)),
                ('rows_done', models.PositiveIntegerField(default=0)),
                ('errors', models.JSONField(default=list)),
                ('made_by_id', models.UUIDField()),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('ended_at', models.DateTimeField(null=True)),
                ('seller', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='imports', to='marketplace.seller')),
            ],
            options={
                'verbose_name': 'import of products',
                'verbose_name_plural': 'imports of products',
            },
        ),
        migrations.AddField(
            model_name='product',
            name='seller',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='products', to='marketplace.seller'),
        ),
        migrations.AddField(
            model_name='order',
            name='seller',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='marketplace.seller'),
        ),
        migrations.AddField(
            model_name='deliveryoption',
            name='seller',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='delivery_options', to='marketplace.seller'),
        ),
        migrations.CreateModel(
            name='SellerCommission',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('from_date', models.DateField()),
                ('basis_points', models.PositiveIntegerField()),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('approval', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.approval')),
                ('seller', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='commissions', to='marketplace.seller')),
            ],
            options={
                'verbose_name': "seller's commission",
                'verbose_name_plural': "sellers' commissions",
            },
        ),
        migrations.CreateModel(
            name='Shipment',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('carrier', models.CharField(max_length=80)),
                ('tracking', models.CharField(blank=True, max_length=80)),
                ('shipped_at', models.DateTimeField()),
                ('delivered_at', models.DateTimeField(null=True)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='shipments', to='marketplace.order')),
            ],
            options={
                'verbose_name': 'shipment',
                'verbose_name_plural': 'shipments',
            },
        ),
        migrations.AddField(
            model_name='product',
            name='tax_class',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='marketplace.taxclass'),
        ),
        migrations.CreateModel(
            name='TaxRate',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('from_date', models.DateField()),
                ('percent', models.DecimalField(decimal_places=4, max_digits=7)),
                ('source', models.CharField(max_length=300)),
                ('tax_class', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='rates', to='marketplace.taxclass')),
            ],
            options={
                'verbose_name': 'rate of tax',
                'verbose_name_plural': 'rates of tax',
            },
        ),
        migrations.CreateModel(
            name='Variant',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('sku', models.CharField(max_length=60)),
                ('options', models.JSONField(default=dict)),
                ('stock', models.PositiveIntegerField(default=0)),
                ('reserved', models.PositiveIntegerField(default=0)),
                ('is_open', models.BooleanField(default=True)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('product', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='variants', to='marketplace.product')),
                ('seller', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='marketplace.seller')),
            ],
            options={
                'verbose_name': 'variant',
                'verbose_name_plural': 'variants',
            },
        ),
        migrations.CreateModel(
            name='Reservation',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('quantity', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('HELD', 'Set aside'), ('SOLD', 'Sold'), ('RELEASED', 'Given back')], default='HELD', max_length=8)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('ended_at', models.DateTimeField(null=True)),
                ('checkout', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='reservations', to='marketplace.checkout')),
                ('variant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='marketplace.variant')),
            ],
            options={
                'verbose_name': 'reservation',
                'verbose_name_plural': 'reservations',
            },
        ),
        migrations.CreateModel(
            name='Price',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('amount', models.BigIntegerField()),
                ('valid', django.contrib.postgres.fields.ranges.DateRangeField()),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('variant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='prices', to='marketplace.variant')),
            ],
            options={
                'verbose_name': 'price',
                'verbose_name_plural': 'prices',
            },
        ),
        migrations.AddField(
            model_name='orderitem',
            name='variant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='marketplace.variant'),
        ),
        migrations.CreateModel(
            name='CartItem',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('quantity', models.PositiveIntegerField()),
                ('price', models.BigIntegerField()),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('cart', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='marketplace.cart')),
                ('variant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='marketplace.variant')),
            ],
            options={
                'verbose_name': 'item in a cart',
                'verbose_name_plural': 'items in carts',
            },
        ),
        migrations.CreateModel(
            name='Wish',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('customer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='marketplace.product')),
            ],
            options={
                'verbose_name': 'wish',
                'verbose_name_plural': 'wishes',
            },
        ),
        migrations.AddIndex(
            model_name='address',
            index=models.Index(fields=['customer', '-id'], name='address_of_customer'),
        ),
        migrations.AddConstraint(
            model_name='address',
            constraint=models.UniqueConstraint(condition=models.Q(('is_default', True), ('removed_at', None)), fields=('customer',), name='address_default_once'),
        ),
        migrations.AddIndex(
            model_name='cart',
            index=models.Index(condition=models.Q(('customer', None)), fields=['changed_at'], name='cart_of_guest'),
        ),
        migrations.AddConstraint(
            model_name='cart',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('customer__isnull', False), ('token_digest', None)), models.Q(('customer', None), ('token_digest__isnull', False)), _connector='OR'), name='cart_of_one'),
        ),
        migrations.AddIndex(
            model_name='checkout',
            index=models.Index(fields=['customer', '-id'], name='checkout_of_customer'),
        ),
        migrations.AddIndex(
            model_name='checkout',
            index=models.Index(condition=models.Q(('state', 'OPEN')), fields=['expires_at', 'id'], name='checkout_expiring'),
        ),
        migrations.AddConstraint(
            model_name='checkout',
            constraint=models.CheckConstraint(condition=models.Q(('amount', None), ('amount__range', (0, 9223372036854775807)), _connector='OR'), name='checkout_amount'),
        ),
        migrations.AddConstraint(
            model_name='checkout',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'OPEN')), models.Q(models.Q(('state', 'OPEN'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='checkout_open_or_ended'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(condition=models.Q(('decided_at', None)), fields=['id'], name='order_dispute_open'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('outcome', ''), ('refund', None)), models.Q(models.Q(('outcome', ''), _negated=True), ('decided_at__isnull', False), ('refund__gte', 0)), _connector='OR'), name='dispute_decided'),
        ),
        migrations.AddConstraint(
            model_name='ordermove',
            constraint=models.UniqueConstraint(fields=('posting_id', 'order', 'kind'), name='order_move_once'),
        ),
        migrations.AddConstraint(
            model_name='ordermove',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='order_move_amount'),
        ),
        migrations.AddIndex(
            model_name='picture',
            index=models.Index(fields=['product', 'position', 'id'], name='picture_of_product'),
        ),
        migrations.AddConstraint(
            model_name='promotionuse',
            constraint=models.UniqueConstraint(fields=('promotion', 'checkout'), name='promotion_use_once'),
        ),
        migrations.AddConstraint(
            model_name='promotionuse',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='promotion_use_amount'),
        ),
        migrations.AddIndex(
            model_name='refundrequest',
            index=models.Index(fields=['order', '-id'], name='refund_request_of_order'),
        ),
        migrations.AddConstraint(
            model_name='refundrequest',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'OPEN')), fields=('order',), name='refund_request_open_once'),
        ),
        migrations.AddConstraint(
            model_name='refundrequest',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('refunded__range', (0, models.F('amount')))), name='refund_request_amounts'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(fields=['product', '-id'], name='review_of_product'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('stars__range', (1, 5))), name='review_stars'),
        ),
        migrations.AddConstraint(
            model_name='reviewreport',
            constraint=models.UniqueConstraint(fields=('review', 'reporter'), name='review_report_once'),
        ),
        migrations.AddIndex(
            model_name='seller',
            index=models.Index(fields=['state'], name='seller_state'),
        ),
        migrations.AddConstraint(
            model_name='seller',
            constraint=models.CheckConstraint(condition=models.Q(('ships_within__range', (1, 30))), name='seller_ships_within'),
        ),
        migrations.AddConstraint(
            model_name='seller',
            constraint=models.CheckConstraint(condition=models.Q(('return_days__range', (0, 90))), name='seller_return_days'),
        ),
        migrations.AddConstraint(
            model_name='promotion',
            constraint=models.UniqueConstraint(fields=('code',), name='promotion_code_once'),
        ),
        migrations.AddConstraint(
            model_name='promotion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'PERCENT'), ('value__gt', 0), ('value__lte', 100)), models.Q(('kind', 'AMOUNT'), ('value__gte', 1)), _connector='OR'), name='promotion_value'),
        ),
        migrations.AddConstraint(
            model_name='promotion',
            constraint=models.CheckConstraint(condition=models.Q(('until', None), ('until__gt', models.F('since')), _connector='OR'), name='promotion_days'),
        ),
        migrations.AddConstraint(
            model_name='promotion',
            constraint=models.CheckConstraint(condition=models.Q(('given__gte', 0), ('least__gte', 0), models.Q(('budget', None), ('given__lte', models.F('budget')), _connector='OR')), name='promotion_within_budget'),
        ),
        migrations.AddIndex(
            model_name='productimport',
            index=models.Index(fields=['seller', '-id'], name='product_import_of_seller'),
        ),
        migrations.AddConstraint(
            model_name='productimport',
            constraint=models.CheckConstraint(condition=models.Q(('rows_done__lte', models.F('rows'))), name='product_import_rows'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['customer', '-id'], name='order_of_customer'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['seller', 'state', '-id'], name='order_of_seller'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('lapses_at__isnull', False)), fields=['lapses_at', 'id'], name='order_lapsing'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('completes_at__isnull', False)), fields=['completes_at', 'id'], name='order_completing'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(fields=('checkout', 'seller'), name='order_of_seller_once'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('delivery__gte', 0), ('goods__range', (1, 9223372036854775807)), ('paid', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('goods'), '+', models.F('delivery')), '-', models.F('reduced'))), ('reduced__range', (0, models.F('goods'))), ('tax__range', (0, models.F('paid')))), name='order_adds_up'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('refunded__range', (0, models.F('paid')))), name='order_refunded'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('commission_points__lte', 10000)), name='order_commission'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('came_from__in', ('SHIPPED', 'DELIVERED', 'COMPLETED')), ('state', 'REFUND_REQUESTED')), models.Q(models.Q(('state', 'REFUND_REQUESTED'), _negated=True), ('came_from', '')), _connector='OR'), name='order_came_from'),
        ),
        migrations.AddConstraint(
            model_name='deliveryoption',
            constraint=models.UniqueConstraint(fields=('seller', 'name'), name='delivery_option_named_once'),
        ),
        migrations.AddConstraint(
            model_name='deliveryoption',
            constraint=models.CheckConstraint(condition=models.Q(('amount__range', (0, 9223372036854775807)), models.Q(('free_from', None), ('free_from__gt', 0), _connector='OR')), name='delivery_option_amounts'),
        ),
        migrations.AddConstraint(
            model_name='deliveryoption',
            constraint=models.CheckConstraint(condition=models.Q(('most_days__gte', models.F('least_days')), ('most_days__lte', 60)), name='delivery_option_days'),
        ),
        migrations.AddConstraint(
            model_name='sellercommission',
            constraint=models.UniqueConstraint(fields=('seller', 'from_date'), name='seller_commission_once'),
        ),
        migrations.AddConstraint(
            model_name='sellercommission',
            constraint=models.CheckConstraint(condition=models.Q(('basis_points__lte', 10000)), name='seller_commission_part'),
        ),
        migrations.AddConstraint(
            model_name='shipment',
            constraint=models.CheckConstraint(condition=models.Q(('delivered_at', None), ('delivered_at__gte', models.F('shipped_at')), _connector='OR'), name='shipment_times'),
        ),
        migrations.AddIndex(
            model_name='product',
            index=models.Index(fields=['state', '-id'], name='product_of_state'),
        ),
        migrations.AddIndex(
            model_name='product',
            index=models.Index(fields=['seller', '-id'], name='product_of_seller'),
        ),
        migrations.AddIndex(
            model_name='product',
            index=models.Index(fields=['category', '-id'], name='product_of_category'),
        ),
        migrations.AddIndex(
            model_name='product',
            index=models.Index(fields=['tax_class'], name='product_of_tax_class'),
        ),
        migrations.AddIndex(
            model_name='product',
            index=django.contrib.postgres.indexes.GinIndex(fields=['words'], name='product_words'),
        ),
        migrations.AddIndex(
            model_name='product',
            index=django.contrib.postgres.indexes.GinIndex(fields=['title'], name='product_title_letters', opclasses=['gin_trgm_ops']),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='product_title'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(condition=models.Q(('weight__lte', 1000000)), name='product_weight'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'LIVE'), _negated=True), models.Q(('live_at__isnull', False), ('lowest_price__isnull', False)), _connector='OR'), name='product_live_has_a_price'),
        ),
        migrations.AddConstraint(
            model_name='product',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reviews_count', 0), ('stars', None)), models.Q(('reviews_count__gt', 0), ('stars__range', (1, 5))), _connector='OR'), name='product_stars'),
        ),
        migrations.AddConstraint(
            model_name='taxrate',
            constraint=models.UniqueConstraint(fields=('tax_class', 'from_date'), name='tax_rate_once'),
        ),
        migrations.AddConstraint(
            model_name='taxrate',
            constraint=models.CheckConstraint(condition=models.Q(('percent__range', (0, 100))), name='tax_rate_percent'),
        ),
        migrations.AddConstraint(
            model_name='variant',
            constraint=models.UniqueConstraint(fields=('seller', 'sku'), name='variant_sku_once'),
        ),
        migrations.AddConstraint(
            model_name='variant',
            constraint=models.UniqueConstraint(fields=('product', 'options'), name='variant_options_once'),
        ),
        migrations.AddConstraint(
            model_name='variant',
            constraint=models.CheckConstraint(condition=models.Q(('sku', ''), _negated=True), name='variant_sku'),
        ),
        migrations.AddConstraint(
            model_name='variant',
            constraint=models.CheckConstraint(condition=models.Q(('reserved__gte', 0), ('reserved__lte', models.F('stock'))), name='variant_not_oversold'),
        ),
        migrations.AddConstraint(
            model_name='reservation',
            constraint=models.UniqueConstraint(fields=('checkout', 'variant'), name='reservation_once'),
        ),
        migrations.AddConstraint(
            model_name='reservation',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__range', (1, 10000))), name='reservation_quantity'),
        ),
        migrations.AddConstraint(
            model_name='reservation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'HELD')), models.Q(models.Q(('state', 'HELD'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='reservation_held_or_ended'),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('variant', '='), ('valid', '&&')], name='price_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=models.CheckConstraint(condition=models.Q(('valid__isempty', False), ('valid__startswith__isnull', False)), name='price_valid'),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=models.CheckConstraint(condition=models.Q(('amount__range', (1, 9223372036854775807))), name='price_amount'),
        ),
        migrations.AddConstraint(
            model_name='orderitem',
            constraint=models.UniqueConstraint(fields=('order', 'variant'), name='order_item_once'),
        ),
        migrations.AddConstraint(
            model_name='orderitem',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__range', (1, 10000))), name='order_item_quantity'),
        ),
        migrations.AddConstraint(
            model_name='orderitem',
            constraint=models.CheckConstraint(condition=models.Q(('paid__range', (0, django.db.models.expressions.CombinedExpression(models.F('price'), '*', models.F('quantity')))), ('price__range', (1, 9223372036854775807)), ('tax__range', (0, models.F('paid')))), name='order_item_amounts'),
        ),
        migrations.AddConstraint(
            model_name='cartitem',
            constraint=models.UniqueConstraint(fields=('cart', 'variant'), name='cart_item_once'),
        ),
        migrations.AddConstraint(
            model_name='cartitem',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__range', (1, 10000))), name='cart_item_quantity'),
        ),
        migrations.AddConstraint(
            model_name='cartitem',
            constraint=models.CheckConstraint(condition=models.Q(('price__range', (1, 9223372036854775807))), name='cart_item_price'),
        ),
        migrations.AddConstraint(
            model_name='wish',
            constraint=models.UniqueConstraint(fields=('customer', 'product'), name='wish_once'),
        ),
    ]
