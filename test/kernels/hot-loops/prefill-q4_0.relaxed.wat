    loop $for-loop|1
     local.get $1
     local.get $15
     i32.lt_u
     if
      local.get $1
      local.get $2
      v128.load32_splat
      local.get $6
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $2
      v128.load32_splat offset=4
      local.get $7
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $2
      v128.load32_splat offset=8
      local.get $8
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $2
      v128.load32_splat offset=12
      local.get $9
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      local.get $2
      v128.load32_splat offset=16
      local.get $10
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $2
      v128.load32_splat offset=20
      local.get $11
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $2
      v128.load32_splat offset=24
      local.get $12
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $2
      v128.load32_splat offset=28
      local.get $13
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $2
      v128.load32_splat offset=36
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $14
      local.get $2
      i32.const 32
      i32.add
      v128.load32_splat
      f32x4.mul
      local.get $1
      v128.load
      f32x4.relaxed_madd
      v128.store
      local.get $1
      i32.const 16
      i32.add
      local.get $2
      i32.const 40
      i32.add
      local.tee $16
      v128.load32_splat
      local.get $6
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $16
      v128.load32_splat offset=4
      local.get $7
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $16
      v128.load32_splat offset=8
      local.get $8
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $16
      v128.load32_splat offset=12
      local.get $9
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      local.get $16
      v128.load32_splat offset=16
      local.get $10
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $16
      v128.load32_splat offset=20
      local.get $11
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $16
      v128.load32_splat offset=24
      local.get $12
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $16
      v128.load32_splat offset=28
      local.get $13
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $16
      v128.load32_splat offset=36
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $14
      local.get $2
      i32.const 72
      i32.add
      v128.load32_splat
      f32x4.mul
      local.get $1
      v128.load offset=16
      f32x4.relaxed_madd
      v128.store
      local.get $1
      i32.const 32
      i32.add
      local.get $2
      i32.const 80
      i32.add
      local.tee $16
      v128.load32_splat
      local.get $6
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $16
      v128.load32_splat offset=4
      local.get $7
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $16
      v128.load32_splat offset=8
      local.get $8
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $16
      v128.load32_splat offset=12
      local.get $9
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      local.get $16
      v128.load32_splat offset=16
      local.get $10
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $16
      v128.load32_splat offset=20
      local.get $11
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $16
      v128.load32_splat offset=24
      local.get $12
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $16
      v128.load32_splat offset=28
      local.get $13
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $16
      v128.load32_splat offset=36
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $14
      local.get $2
      i32.const 112
      i32.add
      v128.load32_splat
      f32x4.mul
      local.get $1
      v128.load offset=32
      f32x4.relaxed_madd
      v128.store
      local.get $1
      i32.const 48
      i32.add
      local.get $2
      i32.const 120
      i32.add
      local.tee $16
      v128.load32_splat
      local.get $6
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $16
      v128.load32_splat offset=4
      local.get $7
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $16
      v128.load32_splat offset=8
      local.get $8
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $16
      v128.load32_splat offset=12
      local.get $9
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      local.get $16
      v128.load32_splat offset=16
      local.get $10
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $16
      v128.load32_splat offset=20
      local.get $11
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      local.get $16
      v128.load32_splat offset=24
      local.get $12
      i16x8.relaxed_dot_i8x16_i7x16_s
      local.get $16
      v128.load32_splat offset=28
      local.get $13
      i16x8.relaxed_dot_i8x16_i7x16_s
      i16x8.add
      i16x8.add
      local.get $5
      i32x4.dot_i16x8_s
      i32x4.add
      local.get $16
      v128.load32_splat offset=36
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $14
      local.get $2
      i32.const 152
      i32.add
      v128.load32_splat
      f32x4.mul
      local.get $1
      v128.load offset=48
      f32x4.relaxed_madd
      v128.store
      local.get $1
      i32.const -64
      i32.sub
      local.set $1
      local.get $2
      i32.const 160
      i32.add
      local.set $2
      br $for-loop|1
     end
    end

    loop $for-loop|1
     local.get $1
     local.get $14
     i32.lt_u
     if
      local.get $1
      local.get $2
      v128.load32_splat offset=12
      local.get $8
      local.get $2
      v128.load32_splat offset=8
      local.get $7
      local.get $2
      v128.load32_splat offset=4
      local.get $6
      local.get $2
      v128.load32_splat
      local.get $5
      local.get $2
      v128.load32_splat offset=36
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      local.get $2
      v128.load32_splat offset=28
      local.get $12
      local.get $2
      v128.load32_splat offset=24
      local.get $11
      local.get $2
      v128.load32_splat offset=20
      local.get $10
      local.get $2
      v128.load32_splat offset=16
      local.get $9
      v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $13
      local.get $2
      i32.const 32
      i32.add
      v128.load32_splat
      f32x4.mul
      local.get $1
      v128.load
      f32x4.relaxed_madd
      v128.store
      local.get $1
      i32.const 16
      i32.add
      local.get $2
      i32.const 40
      i32.add
      local.tee $15
      v128.load32_splat offset=12
      local.get $8
      local.get $15
      v128.load32_splat offset=8
      local.get $7
      local.get $15
      v128.load32_splat offset=4
      local.get $6
      local.get $15
      v128.load32_splat
      local.get $5
      local.get $15
      v128.load32_splat offset=36
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      local.get $15
      v128.load32_splat offset=28
      local.get $12
      local.get $15
      v128.load32_splat offset=24
      local.get $11
      local.get $15
      v128.load32_splat offset=20
      local.get $10
      local.get $15
      v128.load32_splat offset=16
      local.get $9
      v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $13
      local.get $2
      i32.const 72
      i32.add
      v128.load32_splat
      f32x4.mul
      local.get $1
      v128.load offset=16
      f32x4.relaxed_madd
      v128.store
      local.get $1
      i32.const 32
      i32.add
      local.get $2
      i32.const 80
      i32.add
      local.tee $15
      v128.load32_splat offset=12
      local.get $8
      local.get $15
      v128.load32_splat offset=8
      local.get $7
      local.get $15
      v128.load32_splat offset=4
      local.get $6
      local.get $15
      v128.load32_splat
      local.get $5
      local.get $15
      v128.load32_splat offset=36
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      local.get $15
      v128.load32_splat offset=28
      local.get $12
      local.get $15
      v128.load32_splat offset=24
      local.get $11
      local.get $15
      v128.load32_splat offset=20
      local.get $10
      local.get $15
      v128.load32_splat offset=16
      local.get $9
      v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $13
      local.get $2
      i32.const 112
      i32.add
      v128.load32_splat
      f32x4.mul
      local.get $1
      v128.load offset=32
      f32x4.relaxed_madd
      v128.store
      local.get $1
      i32.const 48
      i32.add
      local.get $2
      i32.const 120
      i32.add
      local.tee $15
      v128.load32_splat offset=12
      local.get $8
      local.get $15
      v128.load32_splat offset=8
      local.get $7
      local.get $15
      v128.load32_splat offset=4
      local.get $6
      local.get $15
      v128.load32_splat
      local.get $5
      local.get $15
      v128.load32_splat offset=36
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      local.get $15
      v128.load32_splat offset=28
      local.get $12
      local.get $15
      v128.load32_splat offset=24
      local.get $11
      local.get $15
      v128.load32_splat offset=20
      local.get $10
      local.get $15
      v128.load32_splat offset=16
      local.get $9
      v128.const i32x4 0x00000000 0x00000000 0x00000000 0x00000000
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.relaxed_dot_i8x16_i7x16_add_s
      i32x4.add
      f32x4.convert_i32x4_s
      local.get $13
      local.get $2
      i32.const 152
      i32.add
      v128.load32_splat
      f32x4.mul
      local.get $1
      v128.load offset=48
      f32x4.relaxed_madd
      v128.store
      local.get $1
      i32.const -64
      i32.sub
      local.set $1
      local.get $2
      i32.const 160
      i32.add
      local.set $2
      br $for-loop|1
     end
    end
